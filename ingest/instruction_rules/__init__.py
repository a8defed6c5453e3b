"""The rules by which text that gives orders to a language model is known.

Sources, cited beside the rules by the short names in front:

* LLM01, LLM07, LLM08: OWASP Top 10 for LLM Applications 2025, "Prompt Injection" with its scenarios,
  "System Prompt Leakage", "Vector and Embedding Weaknesses".
* Perez: Perez and Ribeiro, "Ignore Previous Prompt: Attack Techniques For Language Models", 2022.
* Greshake: Greshake et al., "Not what you've signed up for", 2023 (injection by retrieved text).
* Shen: Shen et al., "Do Anything Now", 2023 (jailbreaks in the wild).
* BIPIA: Yi et al., "Benchmarking and Defending Against Indirect Prompt Injection Attacks", 2023.
* JailBench: a Chinese jailbreak benchmark, 2025.

The patterns read folded text: lower case, NFKC (so "," and ":" for "，" and "："), single blanks.
Every gap in them is bounded, so that the time to search grows linearly with the text.
"""
