"""Floor 1: Servers with OpenAI's API: how they are asked, waited for and recognised."""
