namespace Coordination;

/// <summary>Who leads.</summary>
/// <param name="Value">What the leader proclaims of itself.</param>
/// <param name="FencingToken">The token of its term: greater than every earlier leader's.</param>
public sealed record Leader(string Value, FencingToken FencingToken);

/// <summary>One claim on a resource, as an inspection shows it.</summary>
/// <param name="Id">The claim's id: unique, made by the client.</param>
/// <param name="Mode">How it shares the resource.</param>
/// <param name="Value">The holder's name, or a candidate's value.</param>
/// <param name="FencingToken">The token of its grant, or <see langword="null"/> while it waits. Counted claims have one too, for their order only.</param>
public sealed record ClaimStatus(string Id, ClaimMode Mode, string Value, FencingToken? FencingToken);

/// <summary>Who holds and who waits for a resource, at the moment of an inspection.</summary>
/// <param name="Name">The resource's name.</param>
/// <param name="Holders">Those that hold it, in the order of their grants.</param>
/// <param name="Waiters">Those that wait, in the order in which they will be served.</param>
public sealed record ResourceStatus(string Name, IReadOnlyList<ClaimStatus> Holders, IReadOnlyList<ClaimStatus> Waiters);
