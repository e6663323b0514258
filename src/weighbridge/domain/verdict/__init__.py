"""Cases, graders, intervals and the gate before keep, switch, RAG, LoRA or stop."""
