"""One machine's supervisor: servers, web, sockets, worker and scheduler under one parent. `make run` starts it."""
