// The connection by WebSocket: one frame has one or more lines.

let socket = null;

function openSocket() {
	closeSocket();
	let ws;
	try {
		ws = socket = new WebSocket(location.origin.replace('http', 'ws') + '/ws');
	} catch {
		// The browser has no WebSockets, or does not allow them.
		failures = 3;
		if (!polling) reconnect();
		return;
	}
	let answered = false;
	const connectTimer = setTimeout(() => ws.onclose({}), 4000);
	ws.onopen = async () => ws.send(await firstLine());
	ws.onmessage = ({ data }) => {
		if (ws !== socket) return;
		if (!answered) polling = false;
		answered = true;
		failures = 0;
		clearTimeout(connectTimer);
		receive(data);
	};
	ws.onclose = ({ code }) => {
		clearTimeout(connectTimer);
		if (ws !== socket) return;
		closeSocket();
		// The last line said why. It may be read after this.
		if (code === 4000 || code === 4004) inOrder(() => session && endSession());
		// Not valid text, or too long: sent again, it would close the next socket.
		if (code === 1007 || code === 1009) giveBackSent();
		if (!answered) failures += 1;
		if (!polling) reconnect();
	};
}

function closeSocket() {
	socket?.close();
	socket = null;
}
