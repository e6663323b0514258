"""The proof's child process and its supervisor. `child` alone imports llama_cpp."""
