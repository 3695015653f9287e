"""What is said to whoever asked: letters, mails that say nothing but that there is news, messages."""
