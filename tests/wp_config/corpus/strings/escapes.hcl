# Escapes: \n \r \t \" \\ \uNNNN \UNNNNNNNN; "$${" and "%%{" are not sequences; text is in normal form (NFC).
control  = "a\tb\nc\\ \"d\""
unicode  = "\u00e9 \U0001f600"
dollar   = "$${var.number} costs $5"
percent  = "100%% %%{ if } 5%"
composed = "e\u0301" == "\u00e9"
