import "../viewer"; 
