"""One's own account: name, password, second factor, and where one is signed in."""
