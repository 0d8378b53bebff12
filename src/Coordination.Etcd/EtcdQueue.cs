using Coordination.Backends;
using Etcdserverpb;
using Google.Protobuf;
using Mvccpb;

namespace Coordination.Etcd;

/// <summary>
/// This process's copy of one resource's queue, kept by a watch: it says whose turn has come without asking the server. All that wait for the resource in this process share it.
/// </summary>
/// <remarks>
/// It is a true state of the queue, perhaps an old one. That is enough: a claim that stood at the front once keeps its place until it is deleted itself, since later claims
/// stand behind it; and whether its session still keeps it is the engine's business.
/// </remarks>
/// <param name="resource">The resource.</param>
/// <param name="range">Its keys.</param>
internal sealed class EtcdQueue(string resource, EtcdRange range)
{
    private readonly Lock _gate = new();
    private readonly SortedList<long, Place> _places = [];
    private readonly Dictionary<ByteString, long> _revisions = [];
    private readonly Dictionary<string, EtcdWaiter> _waiters = new(StringComparer.Ordinal);
    private readonly List<Event> _early = [];
    private readonly List<TaskCompletionSource> _openings = [];
    private Action[] _observers = [];
    private int _waiting;
    private bool _isWatched;
    private int _watch;
    private bool _isRead;
    private long _readAt;
    private long _revision;
    private int _front;

    /// <summary>The resource.</summary>
    public string Resource => resource;

    /// <summary>Its keys.</summary>
    public EtcdRange Range => range;

    /// <summary>The number of its watch on the stream that is open. Under the lock of <see cref="EtcdWatches"/>.</summary>
    public long WatchId { get; set; }

    /// <summary>Since when nobody has needed it: a timestamp; 0 while somebody does.</summary>
    public long IdleSince { get; set; }

    /// <summary>Whether anybody waits or watches.</summary>
    public bool IsNeeded
    {
        get
        {
            lock (_gate)
            {
                return _waiting > 0 || _observers.Length > 0 || _openings.Count > 0;
            }
        }
    }

    /// <summary>From now on a waiting claim's session hears of its grant and of its loss.</summary>
    /// <returns>What it has to hear already.</returns>
    public EtcdHints Add(EtcdWaiter waiter)
    {
        var hints = default(EtcdHints);
        lock (_gate)
        {
            if (_waiters.TryGetValue(waiter.Id, out var known))
            {
                if (known.CreateRevision == waiter.CreateRevision)
                {
                    return hints;
                }

                Remove(known);
            }

            _waiters.Add(waiter.Id, waiter);
            _waiting++;
            if (_isRead)
            {
                FindLost(waiter, ref hints);
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

    /// <summary>The session does not listen any more.</summary>
    public void RemoveAll(EtcdSession session)
    {
        lock (_gate)
        {
            foreach (var waiter in _waiters.Values.Where(waiter => waiter.Session == session).ToArray())
            {
                Remove(waiter);
            }
        }
    }

    /// <summary>From now on changes of the holders are told.</summary>
    /// <returns>Completes when the server watches.</returns>
    public Task AddObserver(Action changed)
    {
        lock (_gate)
        {
            _observers = [.. _observers, changed];

            // The front is not followed while nobody observes, and may be again what it was then.
            _front = 0;
            if (_isWatched)
            {
                return Task.CompletedTask;
            }

            var opening = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _openings.Add(opening);
            return opening.Task;
        }
    }

    public void RemoveObserver(Action changed)
    {
        lock (_gate)
        {
            _observers = [.. _observers.Where(observer => observer != changed)];
        }
    }

    /// <summary>The server watches from now on: what came before has to be read.</summary>
    /// <returns>The number of this watch, for <see cref="Read"/>.</returns>
    public int Watched()
    {
        lock (_gate)
        {
            _isWatched = true;
            _watch++;
            foreach (var opening in _openings)
            {
                opening.TrySetResult();
            }

            _openings.Clear();
            return _watch;
        }
    }

    /// <summary>The server watches no more. What is known stays true, but nothing is concluded from it until it has been read anew.</summary>
    /// <param name="fault">Why, for those who wait for the watch; <see langword="null"/> when it is made again at once.</param>
    public void Unwatched(Exception? fault)
    {
        lock (_gate)
        {
            _isWatched = false;
            _isRead = false;
            _early.Clear();
            if (fault is not null)
            {
                foreach (var opening in _openings)
                {
                    opening.TrySetException(fault);
                    _ = opening.Task.Exception;
                }

                _openings.Clear();
            }
        }
    }

    /// <summary>Takes a reading that was made after the watch had begun.</summary>
    /// <param name="watch">Which watch: one that was made before a later watch knows nothing of what came between the two.</param>
    /// <param name="response">The reading.</param>
    public void Read(int watch, RangeResponse response)
    {
        var hints = default(EtcdHints);
        lock (_gate)
        {
            if (!_isWatched || watch != _watch)
            {
                return;
            }

            _places.Clear();
            _revisions.Clear();
            foreach (var kv in response.Kvs)
            {
                Put(kv);
            }

            _readAt = response.Header.Revision;
            _revision = _readAt;
            _isRead = true;
            foreach (var change in _early)
            {
                Apply(change, ref hints);
            }

            _early.Clear();
            foreach (var waiter in _waiters.Values.ToArray())
            {
                FindLost(waiter, ref hints);
            }

            FindGranted(ref hints);
            FindChange(always: true, ref hints);
        }

        hints.Tell();
    }

    /// <summary>Takes what happened.</summary>
    public void Apply(IEnumerable<Event> changes)
    {
        var hints = default(EtcdHints);
        lock (_gate)
        {
            if (!_isRead)
            {
                _early.AddRange(changes);
                return;
            }

            foreach (var change in changes)
            {
                Apply(change, ref hints);
            }

            FindGranted(ref hints);
            FindChange(always: false, ref hints);
        }

        hints.Tell();
    }

    private void Apply(Event change, ref EtcdHints hints)
    {
        // Of one revision there may be several: a lease that ended took all its claims at once.
        if (change.Kv.ModRevision <= _readAt)
        {
            return;
        }

        _revision = Math.Max(_revision, change.Kv.ModRevision);
        if (change.Type == Event.Types.EventType.Put)
        {
            Put(change.Kv);
            return;
        }

        if (_revisions.Remove(change.Kv.Key, out var createRevision) && _places.Remove(createRevision, out var place) &&
            _waiters.TryGetValue(place.Id, out var waiter))
        {
            FindLost(waiter, ref hints);
        }
    }

    private void Put(KeyValue kv)
    {
        var value = EtcdValue.Decode(kv.Value, withValue: false);
        _places[kv.CreateRevision] = new Place(value.Id, value.Mode, value.Limit, kv.ModRevision);
        _revisions[kv.Key] = kv.CreateRevision;
    }

    private void FindLost(EtcdWaiter waiter, ref EtcdHints hints)
    {
        if (_revision >= waiter.CreateRevision && !_places.ContainsKey(waiter.CreateRevision))
        {
            Remove(waiter);
            hints.AddLost(waiter);
        }
    }

    // All that the rule grants, from the front: it is not enough that the one ahead is gone, since it may have been waiting itself.
    private void FindGranted(ref EtcdHints hints)
    {
        if (_waiting == 0)
        {
            return; // However long the queue is.
        }

        var rule = new GrantRule();
        foreach (var (createRevision, place) in _places)
        {
            if (!rule.TryGrant(place.Mode, place.Limit))
            {
                break;
            }

            if (_waiters.TryGetValue(place.Id, out var waiter) && !waiter.IsGranted && waiter.CreateRevision == createRevision)
            {
                waiter.IsGranted = true;
                _waiting--;
                hints.AddGranted(waiter);
            }
        }
    }

    private void FindChange(bool always, ref EtcdHints hints)
    {
        if (_observers.Length == 0)
        {
            return;
        }

        var front = new HashCode();
        var rule = new GrantRule();
        foreach (var place in _places.Values)
        {
            if (!rule.TryGrant(place.Mode, place.Limit))
            {
                break;
            }

            front.Add(place.Id, StringComparer.Ordinal);
            front.Add(place.ModRevision);
        }

        var now = front.ToHashCode();
        if (always || now != _front)
        {
            hints.AddChange(_observers);
        }

        _front = now;
    }

    private void Remove(EtcdWaiter waiter)
    {
        if (_waiters.Remove(waiter.Id) && !waiter.IsGranted)
        {
            _waiting--;
        }
    }

    private readonly record struct Place(string Id, ClaimMode Mode, int Limit, long ModRevision);
}
