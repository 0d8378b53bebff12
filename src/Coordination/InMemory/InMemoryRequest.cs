namespace Coordination.InMemory;

/// <summary>What a connection asks of the server.</summary>
public enum InMemoryOperation
{
    /// <summary>Opens a session, or takes over a detached one.</summary>
    OpenSession,

    /// <summary>Enters a claim, or asks how it stands.</summary>
    Claim,

    /// <summary>Removes a claim.</summary>
    Release,

    /// <summary>Changes a claim's value.</summary>
    SetValue,

    /// <summary>Renews a session.</summary>
    Renew,

    /// <summary>Leaves a session for another to take over.</summary>
    Detach,

    /// <summary>Ends a session.</summary>
    EndSession,

    /// <summary>Looks at a queue.</summary>
    Inspect,

    /// <summary>Watches a queue.</summary>
    Watch,
}

/// <summary>One request on its way to the server, as <see cref="InMemoryBackend.OnRequest"/> sees it.</summary>
/// <param name="Operation">What it asks.</param>
/// <param name="Resource">The resource; empty for requests about a session.</param>
/// <param name="ClaimId">The claim; empty for requests that are about none.</param>
public readonly record struct InMemoryRequest(InMemoryOperation Operation, string Resource, string ClaimId);
