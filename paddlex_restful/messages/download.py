"""Sentences on downloads."""

NOT_HTTP = "{url} is not an address that starts with http:// or https://; correct it."
NOT_FOUND = "{host} answers {status} for {path}; check the address."
SERVER_FAILED = "{host} answers {status} for {path}; try again later."
UNREACHABLE = "{host} cannot be reached; check the address and the network connection."
CUT = "The connection to {host} broke off before {path} was complete; try again and it goes on from there."
WRONG_CHECKSUM = (
    "{path} from {host} does not match its checksum; try again, and if it stays so, tell whoever runs {host}."
)
NO_SPACE = "There is no room for {file} on the disk; free at least {megabytes} MB and try again."
