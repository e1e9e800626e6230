// The link of a sealed room: its ticket is in the fragment, which browsers do not send.

const LINK_PATH = '/#1.';
const usableTicket = findTicket;

/** What is wrong with the link, before anything is sent. */
function linkProblem(text, found) {
	if (found) return '';
	if (text.includes('#1.')) return 'This link is incomplete: behind #1. it has 22 characters. Paste the whole link.';
	return 'This address is only a part of the link. Paste the whole link, with the # and what follows it.';
}
