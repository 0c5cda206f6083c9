"""What `holdfast doctor` looks at: this terminal, this machine, and the server."""
