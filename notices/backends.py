from django.core.mail.backends.filebased import EmailBackend


class MailFolder(EmailBackend):
    pass
