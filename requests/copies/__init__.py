"""The copy of somebody's data: gathered, looked through, put into a zip, fetched, gone."""
