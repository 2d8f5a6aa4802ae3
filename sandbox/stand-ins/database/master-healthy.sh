#!/bin/bash
# Healthy: the server answers with the account the secret describes.
exec mariadb --defaults-file=/dev/shm/jtel/client.cnf --batch --skip-column-names -e 'SELECT 1' > /dev/null
