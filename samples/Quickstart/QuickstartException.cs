namespace Quickstart;

/// <summary>The sample cannot go on; the message is all that the user needs to see.</summary>
internal sealed class QuickstartException(string message) : Exception(message);
