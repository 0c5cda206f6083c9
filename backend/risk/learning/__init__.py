"""From features to a probability that can be explained: pure, without a database. It needs numpy, and to grow trees
LightGBM; both are imported only by who learns or predicts, and by no console."""
