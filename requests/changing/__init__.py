"""What a case changes without erasing: corrections, restrictions, objections, and their ends."""
