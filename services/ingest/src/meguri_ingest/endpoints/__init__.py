"""The endpoints: what is asked, what is answered."""
