"""Words of generated hostnames, adverb, adjective and noun: short, plain and friendly, none with a '-'."""

from __future__ import annotations

_ADVERBS = """
ably aptly boldly bravely briefly brightly briskly broadly calmly cheerily clearly cleverly closely coolly
daily dearly deeply duly eagerly early easily evenly fairly fondly freely freshly fully gaily gently gladly
greatly happily highly jointly justly keenly kindly largely lately lightly likely lively lovingly loudly
loyally luckily mainly merrily mildly mostly nearly neatly newly nicely nimbly nobly openly partly plainly
politely proudly purely quickly quietly rapidly rarely readily really richly rightly safely simply slowly
smartly smoothly softly solely soundly steadily surely sweetly swiftly tidily timely truly usually vastly
visibly warmly weekly widely wisely yearly
"""

_ADJECTIVES = """
able active agile alert amber ample azure blue bold brave bright brisk broad calm candid casual cheery civil
classic clean clear clever coral cosmic cozy crisp curious daring deep eager early easy even exact fair famous
fancy fast fine firm fluent fond free fresh frosty gentle giant glad golden grand great green happy hardy
honest humble ideal jolly keen kind large light lively loyal lucid lucky lunar magic mellow merry mild mint
modern native neat new nimble noble novel open patient plain polite proud pure quick quiet rapid rare ready
regal rich robust rosy round royal safe sharp shiny silent silver simple sleek smart smooth snowy solar solid
spry stable steady still sunny super sweet swift tidy tiny true upbeat valid vast vivid warm wide wise witty
young
"""

_NOUNS = """
acorn alder anchor apple arrow aspen badger bamboo beacon beaver birch bison breeze bridge brook canoe canyon
cedar cello cheetah cherry cliff clover comet compass condor coral cove crane creek cricket daisy deer delta
dolphin dove dune eagle elk elm ember falcon fern finch fjord forest fox galaxy garden gecko geyser glacier
grove gull harbor hare harp hawk heron hill horizon ibis iris island ivy jaguar jasper kayak kestrel kiwi
koala lagoon lake lantern lark laurel lemur lily linden llama lotus lynx magpie mango maple marlin marsh
meadow meteor mole moon moss moth nebula newt oak oasis ocean olive orca orchid oriole osprey otter owl panda
panther parrot peach pear pebble pelican penguin pine planet plum pond poplar prairie puffin quail quartz
rabbit raven reef ridge river robin rose salmon sequoia shark shell shore sparrow spruce squid star stone
stork stream summit swan thrush tiger toucan trout tulip turtle valley violet walnut walrus wave whale willow
wombat wren yak zebra
"""

ADVERBS, ADJECTIVES, NOUNS = tuple(_ADVERBS.split()), tuple(_ADJECTIVES.split()), tuple(_NOUNS.split())
