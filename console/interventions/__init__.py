"""Interventions: what is to be done for customers who may leave, by whom, by when, and whether it helped."""
