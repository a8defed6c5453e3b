"""XML: the layouts of publishers, told apart by their root element."""
