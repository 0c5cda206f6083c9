"""What every slice stands on: databases, rows, wire types, errors, time, text. Knows no slice."""
