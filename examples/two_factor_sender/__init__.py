"""One-time codes by SMS: sent once however often the network stumbles, and followed until they have arrived."""
