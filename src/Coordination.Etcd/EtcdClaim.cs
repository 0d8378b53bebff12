namespace Coordination.Etcd;

/// <summary>What a session knows of one of its claims. Under the lock of <see cref="EtcdClaims"/>.</summary>
/// <param name="keys">Its key, and its resource's.</param>
/// <param name="place">The number in its key; none for one that was taken over from another session.</param>
internal sealed class EtcdClaim(EtcdClaimKeys keys, int? place)
{
    public EtcdClaimKeys Keys => keys;

    /// <summary>The number in its key; none when no other claim may ever use it.</summary>
    public int? Place { get; set; } = place;

    /// <summary>Requests under way that would enter it.</summary>
    public int UnderWay { get; set; }

    /// <summary>Whether such a request ended without an answer: it may come to the server yet.</summary>
    public bool MayComeLate { get; set; }

    /// <summary>Whether a request was refused and may have entered it all the same.</summary>
    public bool MayStand { get; set; }

    /// <summary>How often its release was begun.</summary>
    public int Releases { get; set; }

    /// <summary>Whether the server has confirmed its release.</summary>
    public bool IsReleased { get; set; }

    /// <summary>
    /// Whether nobody asks for it any more, while a request may be under way that would enter it: the backend's maintenance sees to it that none does.
    /// </summary>
    public bool IsOwed { get; set; }

    /// <summary>When it was entered; its token. 0 when that is not known.</summary>
    public long CreateRevision { get; set; }

    /// <summary>Whether it was told to be granted.</summary>
    public bool IsGranted { get; set; }

    /// <summary>Whether it was told to be waiting once: renewals then tell of its grant.</summary>
    public bool HasWaited { get; set; }

    public ClaimMode Mode { get; set; }

    public int Limit { get; set; }
}
