using Coordination.Backends;

namespace Coordination.ZooKeeper;

/// <summary>What a session knows of one of its claims. Under the lock of <see cref="ZooKeeperClaims"/>, but for what never changes.</summary>
/// <param name="request">What was asked for.</param>
/// <param name="queue">The path of its resource's node.</param>
internal sealed class ZooKeeperClaim(ClaimRequest request, string queue)
{
    public ClaimKey Key => request.Key;

    public ClaimRequest Request => request;

    /// <summary>The path of its resource's node.</summary>
    public string Queue => queue;

    /// <summary>What the last attempt to enter it came to, or will. It goes on when nobody waits for it any more, so that a release knows what there is to delete.</summary>
    public Task<ClaimResult> Entering { get; set; } = Task.FromResult(ClaimResult.Refused);

    /// <summary>The name of its node; <see langword="null"/> until the server has told it.</summary>
    public string? Node { get; set; }

    /// <summary>When it was entered; its token. 0 when that is not known.</summary>
    public long Czxid { get; set; }

    /// <summary>Whether it was told to be granted.</summary>
    public bool IsGranted { get; set; }

    /// <summary>Whether it was told to be waiting once: renewals then tell of its grant.</summary>
    public bool HasWaited { get; set; }

    /// <summary>Whether it was entered more than once, since the first attempt had left nothing that could be found.</summary>
    public bool WasEnteredAgain { get; set; }

    /// <summary>The path of its node.</summary>
    public string PathOf(string node) => $"{queue}/{node}";
}
