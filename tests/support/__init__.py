"""What the tests stand on: databases made from a template, a backend in this process, a server in another."""
