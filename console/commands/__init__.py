"""One file per command (or group of commands) of `holdfast`, each with `register(app)`. See `console.cli`."""
