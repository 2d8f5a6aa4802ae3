#!/bin/sh
# The server answers, and knows the account.
USER=jtel PASSWD=$SMB_PASSWORD exec smbclient //127.0.0.1/plain --command 'quit' >/dev/null
