"""What two of the services share."""
