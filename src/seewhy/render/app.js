import "./viewer.js";
