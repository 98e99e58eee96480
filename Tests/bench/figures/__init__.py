"""One file a group of figures. Each has `measure(world, plan)`, which gives rows of the table."""
