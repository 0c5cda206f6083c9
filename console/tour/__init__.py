"""The guided tour: the real console on the real backend, worked by keys."""
