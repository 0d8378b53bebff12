using Coordination.Backends;
using Coordination.ZooKeeper.Client;

namespace Coordination.ZooKeeper;

/// <summary>
/// This process's copy of one resource's queue, kept by a watch: it says whose turn has come without asking the server. All that wait for the resource in one session share it.
/// </summary>
/// <remarks>
/// It is a true state of the queue, perhaps an old one. That is enough: a claim that stood at the front once keeps its place until it is deleted itself, since later claims
/// stand behind it; and whether its session still keeps it is the engine's business. Nodes are made once and deleted once, and events come in their order and before any later reply, so that a
/// listing and the events that came after it was asked for can be put together without knowing which of them the listing shows already.
/// </remarks>
/// <param name="resource">The resource.</param>
/// <param name="path">The path of its node.</param>
internal sealed class ZooKeeperQueue(string resource, string path)
{
    private readonly Lock _gate = new();
    private readonly SortedList<int, Place> _places = new(ZooKeeperClaimName.ByPlace);
    private readonly Dictionary<string, ZooKeeperWaiter> _waiters = new(StringComparer.Ordinal);
    private readonly List<ZooKeeperEvent> _early = [];
    private Action[] _observers = [];
    private int _waiting;
    private int _reading;
    private bool _isReading;
    private bool _isRead;
    private bool _isOver;
    private int _front;

    /// <summary>The resource.</summary>
    public string Resource => resource;

    /// <summary>The path of its node.</summary>
    public string Path => path;

    /// <summary>Ends the watch; <see langword="null"/> while there is none. Under the lock of <see cref="ZooKeeperQueues"/>.</summary>
    public IAsyncDisposable? Watch { get; set; }

    /// <summary>What sets the watch, while it is being set. Likewise.</summary>
    public Task? Watching { get; set; }

    /// <summary>Since when nobody has needed it: a timestamp; 0 while somebody does. Likewise.</summary>
    public long IdleSince { get; set; }

    /// <summary>Whether anybody waits or watches.</summary>
    public bool IsNeeded
    {
        get
        {
            lock (_gate)
            {
                return _waiting > 0 || _observers.Length > 0;
            }
        }
    }

    /// <summary>Whether the copy is complete, and a claim that is entered now will be found in it, unless its watch ends first.</summary>
    public bool IsRead
    {
        get
        {
            lock (_gate)
            {
                return _isRead;
            }
        }
    }

    /// <summary>How many events are kept for the listing that is under way.</summary>
    public int Early
    {
        get
        {
            lock (_gate)
            {
                return _early.Count;
            }
        }
    }

    /// <summary>How a claim of this connection stands whose node was made after <see cref="IsRead"/> was looked at. If it waits, its session hears of its grant and of its loss.</summary>
    /// <returns>
    /// Whether it is granted or waits; <see langword="null"/> when the copy is not complete any more, or does not have it: that a claim is gone is the servers' to say, since one that is taken for gone by mistake
    /// would stay in the queue for as long as its session.
    /// </returns>
    public ClaimOutcome? Enter(ZooKeeperWaiter waiter, bool mayWait)
    {
        lock (_gate)
        {
            if (!_isRead)
            {
                return null;
            }

            var rule = new GrantRule();
            var isGranted = true;
            foreach (var place in _places.Values)
            {
                isGranted = isGranted && rule.TryGrant(place.Claim.Mode, place.Claim.Limit);
                if (!isGranted)
                {
                    break;
                }

                if (place.Node == waiter.Node)
                {
                    return ClaimOutcome.Granted;
                }
            }

            if (!_places.TryGetValue(waiter.Sequence, out var mine) || mine.Node != waiter.Node)
            {
                return null;
            }

            if (mayWait)
            {
                Put(waiter);
            }

            return ClaimOutcome.Waiting;
        }
    }

    /// <summary>From now on a waiting claim's session hears of its grant and of its loss.</summary>
    /// <returns>What it has to hear already.</returns>
    public ZooKeeperHints Add(ZooKeeperWaiter waiter)
    {
        var hints = default(ZooKeeperHints);
        lock (_gate)
        {
            Put(waiter);
            if (_isRead)
            {
                FindLost(ref hints);
                FindGranted(ref hints);
            }
        }

        return hints;
    }

    /// <summary>The claim is released, or its session does not listen any more.</summary>
    public void Remove(string id)
    {
        lock (_gate)
        {
            if (_waiters.TryGetValue(id, out var waiter))
            {
                Remove(waiter);
            }
        }
    }

    /// <summary>From now on changes of the holders are told.</summary>
    public void AddObserver(Action changed)
    {
        lock (_gate)
        {
            _observers = [.. _observers, changed];

            // The front is not followed while nobody observes, and may be again what it was then.
            _front = 0;
        }
    }

    public void RemoveObserver(Action changed)
    {
        lock (_gate)
        {
            _observers = [.. _observers.Where(observer => observer != changed)];
        }
    }

    /// <summary>Nothing is concluded from the copy until it has been read anew: the connection is lost, or its watch.</summary>
    public void Forget() => Begin(isReading: false);

    /// <summary>A listing is about to be asked for. Nothing is concluded until it is there.</summary>
    /// <returns>The number of this reading, for <see cref="Read"/> and <see cref="GiveUp"/>.</returns>
    public int BeginReading() => Begin(isReading: true);

    /// <summary>There will be no such listing: what would have come on top of it is not kept.</summary>
    /// <param name="reading">Which.</param>
    public void GiveUp(int reading)
    {
        lock (_gate)
        {
            if (reading == _reading)
            {
                _isReading = false;
                _early.Clear();
            }
        }
    }

    /// <summary>Its watch ends: the copy is not kept any more. Who has it from before finds nothing in it.</summary>
    public void End()
    {
        lock (_gate)
        {
            _isOver = true;
            _isRead = false;
            _isReading = false;
            _early.Clear();
        }
    }

    /// <summary>Takes a listing that was asked for after the watch, and after <see cref="BeginReading"/>.</summary>
    /// <param name="reading">Which: an older one knows nothing of what came after the next was asked for.</param>
    /// <param name="nodes">The names of the children.</param>
    public void Read(int reading, IReadOnlyList<string> nodes)
    {
        var hints = default(ZooKeeperHints);
        lock (_gate)
        {
            if (reading != _reading || !_isReading || _isOver)
            {
                return;
            }

            _places.Clear();
            foreach (var node in nodes)
            {
                Put(node);
            }

            foreach (var change in _early)
            {
                Apply(change);
            }

            _early.Clear();
            _isReading = false;
            _isRead = true;
            FindLost(ref hints);
            FindGranted(ref hints);
            FindChange(always: true, ref hints);
        }

        hints.Tell();
    }

    /// <summary>Takes what happened.</summary>
    public void Take(ZooKeeperEvent change)
    {
        var hints = default(ZooKeeperHints);
        lock (_gate)
        {
            if (_isOver)
            {
                return;
            }

            if (!_isRead)
            {
                if (_isReading)
                {
                    _early.Add(change);
                }

                return;
            }

            if (Apply(change) is { } gone && _waiters.TryGetValue(gone.Id, out var waiter) && waiter.Sequence == gone.Sequence)
            {
                Remove(waiter);
                hints.AddLost(waiter);
            }

            FindGranted(ref hints);
            FindChange(always: false, ref hints);
        }

        hints.Tell();
    }

    private int Begin(bool isReading)
    {
        lock (_gate)
        {
            _isRead = false;
            _isReading = isReading;
            _early.Clear();
            return ++_reading;
        }
    }

    // Returns the claim that is gone.
    private ZooKeeperClaimName? Apply(ZooKeeperEvent change)
    {
        if (change.Path.Length <= path.Length + 1)
        {
            return null; // The resource's own node, which comes before its first claim and goes after its last.
        }

        var node = change.Path[(path.Length + 1)..];
        if (node.Contains('/', StringComparison.Ordinal))
        {
            return null; // Below what somebody else has put there. It is not in the listing either.
        }

        switch (change.Type)
        {
            case ZooKeeperEventType.Created:
                Put(node);
                return null;
            case ZooKeeperEventType.DataChanged when ZooKeeperClaimName.TryParse(node, out var claim):
                if (_places.TryGetValue(claim.Sequence, out var place) && place.Node == node)
                {
                    _places[claim.Sequence] = place with { Changes = place.Changes + 1 };
                }

                return null;
            case ZooKeeperEventType.Deleted when ZooKeeperClaimName.TryParse(node, out var claim):
                return _places.TryGetValue(claim.Sequence, out var gone) && gone.Node == node && _places.Remove(claim.Sequence) ? claim : null;
            default:
                return null;
        }
    }

    private void Put(string node)
    {
        if (ZooKeeperClaimName.TryParse(node, out var claim))
        {
            _places[claim.Sequence] = new Place(node, claim, 0);
        }
    }

    private void Put(ZooKeeperWaiter waiter)
    {
        if (_waiters.TryAdd(waiter.Id, waiter))
        {
            _waiting++;
        }
    }

    private void FindLost(ref ZooKeeperHints hints)
    {
        List<ZooKeeperWaiter>? lost = null;
        foreach (var waiter in _waiters.Values)
        {
            if (!_places.TryGetValue(waiter.Sequence, out var place) || place.Node != waiter.Node)
            {
                (lost ??= []).Add(waiter);
            }
        }

        foreach (var waiter in lost ?? [])
        {
            Remove(waiter);
            hints.AddLost(waiter);
        }
    }

    // All that the rule grants, from the front: it is not enough that the one ahead is gone, since it may have been waiting itself.
    private void FindGranted(ref ZooKeeperHints hints)
    {
        if (_waiting == 0)
        {
            return;
        }

        var rule = new GrantRule();
        foreach (var place in _places.Values)
        {
            if (!rule.TryGrant(place.Claim.Mode, place.Claim.Limit))
            {
                break;
            }

            if (_waiters.TryGetValue(place.Claim.Id, out var waiter) && !waiter.IsGranted && waiter.Node == place.Node)
            {
                waiter.IsGranted = true;
                _waiting--;
                hints.AddGranted(waiter);
            }
        }
    }

    private void FindChange(bool always, ref ZooKeeperHints hints)
    {
        if (_observers.Length == 0)
        {
            return;
        }

        var front = new HashCode();
        var rule = new GrantRule();
        foreach (var place in _places.Values)
        {
            if (!rule.TryGrant(place.Claim.Mode, place.Claim.Limit))
            {
                break;
            }

            front.Add(place.Node, StringComparer.Ordinal);
            front.Add(place.Changes);
        }

        var now = front.ToHashCode();
        if (always || now != _front)
        {
            hints.AddChange(_observers);
        }

        _front = now;
    }

    private void Remove(ZooKeeperWaiter waiter)
    {
        if (_waiters.Remove(waiter.Id) && !waiter.IsGranted)
        {
            _waiting--;
        }
    }

    private readonly record struct Place(string Node, ZooKeeperClaimName Claim, int Changes);
}
