"""How likely customers are to leave: by rules that anybody can add up, and by a model that has learned from the past."""
