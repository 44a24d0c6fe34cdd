"""What the differential tests, the end-to-end tests and the bench share."""
