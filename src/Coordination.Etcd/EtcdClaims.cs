using System.Globalization;
using Coordination.Backends;

namespace Coordination.Etcd;

/// <summary>
/// What a session knows of its claims, and the epoch that guards against late requests: a request enters a claim only in the epoch in which it was sent, and the release of a claim that has requests without an
/// answer begins a new one. It also gives the claims their keys, and a key to another claim when nothing of the former is under way any more.
/// </summary>
/// <param name="keys">The names of keys.</param>
/// <param name="lease">The session's lease.</param>
internal sealed class EtcdClaims(EtcdKeys keys, long lease)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, EtcdClaim> _claims = new(StringComparer.Ordinal);
    private readonly PriorityQueue<int, int> _places = new();
    private readonly List<string> _names = [];
    private HashSet<string> _usedUp = new(StringComparer.Ordinal);
    private HashSet<string> _usedUpBefore = new(StringComparer.Ordinal);
    private long _turnedAt = TimeProvider.System.GetTimestamp();
    private readonly HashSet<string> _owed = new(StringComparer.Ordinal);
    private long _epoch;

    /// <summary>Begins to enter a claim.</summary>
    /// <param name="key">It.</param>
    /// <param name="mode">Its mode.</param>
    /// <param name="limit">Its limit.</param>
    /// <param name="epoch">The epoch to enter it in.</param>
    /// <param name="claimKeys">Its key.</param>
    /// <returns><see langword="false"/> when the id is used up.</returns>
    public bool TryBegin(ClaimKey key, ClaimMode mode, int limit, out long epoch, out EtcdClaimKeys claimKeys)
    {
        lock (_gate)
        {
            epoch = _epoch;
            claimKeys = default;
            if (IsUsedUp(key.Id))
            {
                return false;
            }

            if (!_claims.TryGetValue(key.Id, out var claim))
            {
                if (!_places.TryDequeue(out var place, out _))
                {
                    place = _names.Count;
                    _names.Add(string.Create(CultureInfo.InvariantCulture, $"{lease:x}-{place}"));
                }

                claim = new EtcdClaim(keys.Of(key.Resource, _names[place]), place);
                _claims.Add(key.Id, claim);
            }

            claimKeys = claim.Keys;
            claim.Mode = mode;
            claim.Limit = limit;
            claim.UnderWay++;
            return true;
        }
    }

    /// <summary>Ends what <see cref="TryBegin"/> began.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="isAnswered">Whether the server has answered.</param>
    /// <param name="mayStand">Whether the answer leaves open whether it was entered: its release then looks.</param>
    public void End(string id, bool isAnswered, bool mayStand = false)
    {
        lock (_gate)
        {
            if (_claims.TryGetValue(id, out var claim))
            {
                claim.UnderWay--;
                claim.MayComeLate |= !isAnswered;
                claim.MayStand |= mayStand;
                if (claim is { UnderWay: 0, IsReleased: true } or { UnderWay: 0, MayComeLate: false, MayStand: false, CreateRevision: 0, Releases: 0 } ||
                    claim is { UnderWay: 0, MayComeLate: false, MayStand: false, IsOwed: true })
                {
                    Remove(id, claim, releases: 0);
                }
            }
        }
    }

    /// <summary>A claim was taken over from another session.</summary>
    public void Adopt(string id, EtcdClaimKeys claimKeys)
    {
        lock (_gate)
        {
            _claims.Add(id, new EtcdClaim(claimKeys, place: null));
        }
    }

    /// <summary>Another session may take a claim over from now on.</summary>
    public void Offer(string id)
    {
        lock (_gate)
        {
            if (_claims.TryGetValue(id, out var claim))
            {
                claim.Place = null;
            }
        }
    }

    /// <summary>The keys of a claim.</summary>
    /// <returns><see langword="null"/> when it is none of this session.</returns>
    public EtcdClaimKeys? KeysOf(string id)
    {
        lock (_gate)
        {
            return _claims.TryGetValue(id, out var claim) ? claim.Keys : null;
        }
    }

    /// <summary>The server has it.</summary>
    /// <returns><see langword="false"/> when it was released meanwhile.</returns>
    public bool Stands(string id, long createRevision, bool isGranted, ClaimMode mode, int limit)
    {
        lock (_gate)
        {
            if (IsUsedUp(id) || !_claims.TryGetValue(id, out var claim))
            {
                return false;
            }

            claim.CreateRevision = createRevision;
            claim.IsGranted |= isGranted;
            claim.HasWaited |= !isGranted;
            claim.Mode = mode;
            claim.Limit = limit;
            return true;
        }
    }

    /// <summary>It was granted.</summary>
    /// <returns><see langword="false"/> when it was released meanwhile.</returns>
    public bool TryGrant(string id)
    {
        lock (_gate)
        {
            if (!_claims.TryGetValue(id, out var claim))
            {
                return false;
            }

            claim.IsGranted = true;
            return true;
        }
    }

    /// <summary>How a claim stood last.</summary>
    public (long CreateRevision, bool IsGranted, bool HasWaited, ClaimMode Mode, int Limit)? Look(string id)
    {
        lock (_gate)
        {
            return _claims.TryGetValue(id, out var claim) && claim.CreateRevision > 0
                ? (claim.CreateRevision, claim.IsGranted, claim.HasWaited, claim.Mode, claim.Limit)
                : null;
        }
    }

    /// <summary>Uses an id up.</summary>
    /// <param name="id">The id.</param>
    /// <param name="claimKeys">Its key.</param>
    /// <param name="mayComeLate">Whether a request may be under way that would enter it.</param>
    /// <param name="isMine">Whether nothing but this claim can be found at its key, so that it need not be compared.</param>
    /// <returns><see langword="false"/> when the session has no such claim.</returns>
    public bool TryRelease(string id, out EtcdClaimKeys claimKeys, out bool mayComeLate, out bool isMine)
    {
        lock (_gate)
        {
            _usedUp.Add(id);
            if (!_claims.TryGetValue(id, out var claim))
            {
                (claimKeys, mayComeLate, isMine) = (default, false, false);
                return false;
            }

            claim.Releases++;
            claimKeys = claim.Keys;
            mayComeLate = claim.UnderWay > 0 || claim.MayComeLate;
            isMine = !mayComeLate && claim.Place is not null;
            return true;
        }
    }

    /// <summary>The server has confirmed the release.</summary>
    public void Released(string id)
    {
        lock (_gate)
        {
            if (!_claims.TryGetValue(id, out var claim))
            {
                return;
            }

            claim.IsReleased = true;
            _owed.Remove(id);
            if (claim.UnderWay == 0)
            {
                // One that was begun twice may come to the server once more, and must not meet another claim there.
                Remove(id, claim, releases: 1);
            }
        }
    }

    /// <summary>The server has lost the claim.</summary>
    /// <returns><see langword="false"/> when requests of it may be under way, which must not enter it anew.</returns>
    public bool TryLose(string id)
    {
        lock (_gate)
        {
            _usedUp.Add(id);
            if (!_claims.TryGetValue(id, out var claim))
            {
                return true;
            }

            if (claim.Releases > 0)
            {
                // A renewal was quicker to see what its release did. The release goes on, and is repeated until it is confirmed.
                return true;
            }

            if (claim is { UnderWay: 0, MayComeLate: false })
            {
                Remove(id, claim, releases: 0);
                return true;
            }

            // Nobody may ever release what is lost.
            _owed.Add(id);
            claim.IsOwed = true;
            return false;
        }
    }

    /// <summary>The server has removed the claim, but cannot hold off requests of it that are under way, for now.</summary>
    public void Owe(string id)
    {
        lock (_gate)
        {
            if (_claims.TryGetValue(id, out var claim))
            {
                _owed.Add(id);
                claim.IsOwed = true;
            }
        }
    }

    /// <summary>The claims of which nothing may enter any more, although requests of them may be under way.</summary>
    /// <param name="max">How many at most.</param>
    /// <returns>Their ids and keys.</returns>
    public List<(string Id, EtcdClaimKeys Keys)> Owed(int max)
    {
        lock (_gate)
        {
            return [.. _owed.Take(max).Select(id => (id, _claims[id].Keys))];
        }
    }

    /// <summary>The epoch now.</summary>
    /// <returns><see langword="false"/> when the id is used up.</returns>
    public bool TryRead(string id, out long epoch)
    {
        lock (_gate)
        {
            epoch = _epoch;
            return !IsUsedUp(id);
        }
    }

    /// <summary>What the server says of the epoch.</summary>
    public void SetEpoch(long epoch)
    {
        lock (_gate)
        {
            _epoch = Math.Max(_epoch, epoch);
        }
    }

    /// <summary>Drops the ids that were used up more than a duration ago.</summary>
    public void DropOld(TimeSpan duration)
    {
        lock (_gate)
        {
            if (TimeProvider.System.GetElapsedTime(_turnedAt) > duration)
            {
                _usedUpBefore = _usedUp;
                _usedUp = new HashSet<string>(StringComparer.Ordinal);
                _turnedAt = TimeProvider.System.GetTimestamp();
            }
        }
    }

    private bool IsUsedUp(string id) => _usedUp.Contains(id) || _usedUpBefore.Contains(id);

    private void Remove(string id, EtcdClaim claim, int releases)
    {
        _claims.Remove(id);
        _owed.Remove(id);

        // What is owed may be on the maintenance's list already, which would remove what it finds at the key.
        if (claim.Place is { } place && claim is { MayComeLate: false, IsOwed: false } && claim.Releases == releases)
        {
            _places.Enqueue(place, place);
        }
    }
}
