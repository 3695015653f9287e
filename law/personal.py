from audit.personal import exclude

from .models import Company

exclude(Company, "The company's own address, which it publishes.")
