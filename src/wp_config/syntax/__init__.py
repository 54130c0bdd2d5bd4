"""Source text to tree, for both forms of the language (hcl.md §14, §15).

python-hcl2's grammar reads the native form (``grammar``), from tokens of our own strict lexer (``lexer``); ``build``
and ``templates`` turn its reductions into our ``tree``; ``json_form`` gives the same tree for JSON.
"""

from __future__ import annotations

from wp_config.syntax.parse import parse_body, parse_expression, parse_template

__all__ = ["parse_body", "parse_expression", "parse_template"]
