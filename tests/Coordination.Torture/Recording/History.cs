namespace Coordination.Torture.Recording;

/// <summary>All that was recorded, in the order of its moments, and what it says.</summary>
internal sealed class History
{
    private readonly Dictionary<string, Call> _calls = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Hold> _holds = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TimeSpan> _deaths = new(StringComparer.Ordinal);

    public History(IEnumerable<Event> events)
    {
        Events = [.. events.OrderBy(static happened => happened.At)];

        // A call's end and its lease's beginning may have one moment on a fake clock: beginnings first.
        foreach (var call in Events.OfType<CallStarted>())
        {
            _calls.Add(call.Call, new Call(call));
        }

        foreach (var began in Events.OfType<HoldBegan>())
        {
            _holds.Add(began.Hold, new Hold(began, _calls[began.Hold].Started));
        }

        foreach (var happened in Events)
        {
            Add(happened);
        }

        foreach (var hold in _holds.Values)
        {
            if (_deaths.TryGetValue(hold.Client, out var died) && !(hold.EndedAt <= died))
            {
                hold.EndedAt = died;
                hold.How = null;
            }

            Void(hold);
        }

        Queues = [.. Events.OfType<QueueSeen>()];
        Writes = [.. Events.OfType<RegisterWritten>()];
    }

    public IReadOnlyList<Event> Events { get; }

    public IReadOnlyCollection<Call> Calls => _calls.Values;

    public IReadOnlyCollection<Hold> Holds => _holds.Values;

    public IReadOnlyList<QueueSeen> Queues { get; }

    public IReadOnlyList<RegisterWritten> Writes { get; }

    public List<FaultInjected> Faults { get; } = [];

    public TimeSpan? QuietAt { get; private set; }

    public TimeSpan? DiedAt(string client) => _deaths.TryGetValue(client, out var at) ? at : null;

    public Call? FindCall(string id) => _calls.GetValueOrDefault(id);

    public Hold? FindHold(string id) => _holds.GetValueOrDefault(id);

    /// <summary>Whether a fault was under way in which a store may show what was.</summary>
    public bool MayBeOld(QueueSeen queue) => Faults.Exists(fault => fault.ShowsOld && fault.At <= queue.Answered && fault.Until >= queue.At);

    /// <summary>For how long a client was stopped during a span.</summary>
    public TimeSpan Stopped(string client, TimeSpan from, TimeSpan until)
    {
        var stopped = TimeSpan.Zero;
        foreach (var fault in Faults)
        {
            if (fault.Stops == client || fault.Stops == "*")
            {
                var begin = fault.At > from ? fault.At : from;
                var end = fault.Until < until ? fault.Until : until;
                stopped += end > begin ? end - begin : TimeSpan.Zero;
            }
        }

        return stopped;
    }

    private void Add(Event happened)
    {
        switch (happened)
        {
            case CallCancelled cancelled:
                _calls[cancelled.Call].CancelledAt = cancelled.At;
                break;
            case CallEnded ended:
                var call = _calls[ended.Call];
                (call.EndedAt, call.Outcome, call.Error) = (ended.At, ended.Outcome, ended.Error);
                break;
            case HoldSeen seen:
                var hold = _holds[seen.Hold];
                hold.LastSeen = seen.At;
                hold.Promised = seen.Until > hold.Promised ? seen.Until : hold.Promised;
                break;
            case HoldEnded over:
                (_holds[over.Hold].EndedAt, _holds[over.Hold].How) = (over.At, over.How);
                break;
            case FaultInjected fault:
                Faults.Add(fault);
                break;
            case ClientDied died:
                _deaths[died.Client] = died.At;
                break;
            case QuietBegan quiet:
                QuietAt = quiet.At;
                break;
        }
    }

    // A claim that was made before the force was over may have been hit by it.
    private void Void(Hold hold)
    {
        foreach (var fault in Faults)
        {
            var isMeant = fault.VoidsClient == "*" || fault.VoidsClient == hold.Client || (fault.VoidsClaim is { } claim && claim == hold.Began.Claim);
            var from = fault.VoidsFrom ?? fault.At;

            // What was handed out after all of it cannot have been hit, however long it had waited.
            var isHit = hold.Call.At <= fault.Until && (fault.VoidsFrom is null || hold.From <= fault.Until);
            if (isMeant && isHit && hold.Until > from && from < hold.VoidFrom)
            {
                hold.VoidFrom = from;
            }
        }
    }
}
