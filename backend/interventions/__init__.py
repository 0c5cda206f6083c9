"""What is done for a customer who may leave: planned, given to somebody, done, and whether it helped."""
