"""HTTP/2 by hand: frames as bytes, and a client that remembers all that came back."""
