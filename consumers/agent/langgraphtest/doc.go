// Package langgraphtest gives a test the real LangGraph, in Python and in JavaScript, or skips the test and says why.
//
// What is installed is pinned: requirements.txt for Python, package.json with package-lock.json for Node.
// It is installed once, with pip and npm as they are configured, into ragline/langgraph/<hash of the pins> below the user's
// cache directory: Python takes 20 s and 200 MB, Node 10 to 60 s and 160 MB. Test binaries that run at the same time wait for each other.
//
// RAGLINE_REQUIRE_LANGGRAPH=1 makes a test fail where it would be skipped.
package langgraphtest
