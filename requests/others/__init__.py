"""What others do for a case: owners of systems, companies, calls to machines."""
