// Answers each request with the routes that it is for, by several ways in which
// Node programs read a target: one line for each, the way and the route.
// Arguments: port, and the routes as JSON, the first that fits is met.
'use strict';
const http = require('node:http');
const posix = require('node:path').posix;

const [port, table] = process.argv.slice(2);
const routes = JSON.parse(table);

const match = (path, fits) => (routes.find((route) => fits(route, path)) ?? 'none');
const isRest = (route) => route.endsWith('/*');
const exactly = (route, path) => (isRest(route) ? path.startsWith(route.slice(0, -1)) : path === route);

// As Express does by default: in any case, with or without a slash at the end.
const escape = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
const likeExpress = (route, path) =>
	new RegExp(isRest(route) ? `^${escape(route.slice(0, -1))}` : `^${escape(route)}/?$`, 'i').test(path);

const before = (text, mark) => text.split(mark, 1)[0];
const segments = (path) => path.split('/').map(decodeURIComponent).join('/');

const ways = {
	'WHATWG-URL': (target) => match(segments(new URL(target, 'http://upstream').pathname), exactly),
	'decoded': (target) => match(decodeURIComponent(before(target, '?')), exactly),
	'normalised': (target) => match(posix.normalize(decodeURIComponent(before(target, '?'))), exactly),
	'Express': (target) => match(before(target, '?'), likeExpress),
	'Express-decoded': (target) => match(segments(before(target, '?')), likeExpress),
};

http.createServer((request, response) => {
	const lines = Object.entries(ways).map(([way, read]) => {
		try {
			return `${way} ${read(request.url)}\n`;
		} catch {
			return ''; // it refuses
		}
	});
	response.setHeader('Content-Type', 'text/plain');
	response.end(lines.join(''));
}).listen(port, '127.0.0.1');
