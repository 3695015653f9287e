"""Files under lock: one key for each case, master keys outside of the database."""
