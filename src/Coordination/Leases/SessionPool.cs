using Coordination.Backends;

namespace Coordination.Leases;

/// <summary>The sessions of a coordinator: one per duration, shared by all claims that ask for it, and those that belong to one lease.</summary>
internal sealed class SessionPool(Engine engine)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<TimeSpan, Task<Session>> _shared = [];
    private readonly HashSet<Session> _all = [];
    private bool _isClosed;

    /// <summary>A session in which a claim can be made: usually the one that is open already.</summary>
    public ValueTask<Session> GetAsync(LeaseTerms terms, CancellationToken cancellationToken)
    {
        if (!terms.AutoRenew)
        {
            return new ValueTask<Session>(OpenAsync(new SessionRequest(terms.Duration), isOwned: true, cancellationToken));
        }

        Task<Session> task;
        TaskCompletionSource<Session>? opening = null;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isClosed, typeof(Coordinator));
            if (!_shared.TryGetValue(terms.Duration, out task!)
                || (task.IsCompleted && !(task.IsCompletedSuccessfully && Usable(task))))
            {
                opening = new TaskCompletionSource<Session>(TaskCreationOptions.RunContinuationsAsynchronously);
                task = opening.Task.Observed();
                _shared[terms.Duration] = task;
            }
        }

        if (opening is not null)
        {
            _ = OpenSharedAsync(terms.Duration, opening);
        }

        return new ValueTask<Session>(task.IsCompleted ? task : task.WaitAsync(cancellationToken));

#pragma warning disable RS0030 // Completed, as its caller saw.
        static bool Usable(Task<Session> task) => task.Result.IsUsable();
#pragma warning restore RS0030
    }

    /// <summary>A session that another process has left, for its lease alone.</summary>
    public ValueTask<Session> TakeOverAsync(LeaseTerms terms, string ticket, CancellationToken cancellationToken)
    {
        var request = new SessionRequest(terms.Duration) { Ticket = ticket, ShortestDuration = terms.ShortestFor(engine.Backend.Description.Evidence) };
        return new ValueTask<Session>(OpenAsync(request, isOwned: true, cancellationToken));
    }

    /// <summary>How many sessions are open, and how many of them are so late with their renewal that what they hold is nearly lost.</summary>
    public (int Open, int Late) Count(TimeSpan now)
    {
        Session[] sessions;
        lock (_gate)
        {
            sessions = [.. _all];
        }

        return (sessions.Length, sessions.Count(session => session.IsLate(now)));
    }

    public void Remove(Session session)
    {
        lock (_gate)
        {
            _all.Remove(session);
            foreach (var (duration, task) in _shared)
            {
#pragma warning disable RS0030 // Completed successfully.
                if (task.IsCompletedSuccessfully && task.Result == session)
#pragma warning restore RS0030
                {
                    _shared.Remove(duration);
                    break;
                }
            }
        }
    }

    /// <summary>Ends all sessions at the server, at once, each within the operation timeout.</summary>
    public async Task CloseAsync()
    {
        Session[] sessions;
        lock (_gate)
        {
            _isClosed = true;
            sessions = [.. _all];
            _shared.Clear();
        }

        await Task.WhenAll(sessions.Select(static session => session.CloseAsync())).ConfigureAwait(false);
    }

    /// <summary>Not cancelled by the first of its callers: the others wait for it too.</summary>
    /// <remarks>
    /// Begun on the first caller's thread and not on another one: where the backend answers at once, in memory, a first call is as far when it returns as
    /// any later one, and a test that then moves a fake clock knows what it moves past.
    /// </remarks>
    private async Task OpenSharedAsync(TimeSpan duration, TaskCompletionSource<Session> opening)
    {
        try
        {
            opening.SetResult(await OpenAsync(new SessionRequest(duration), isOwned: false, CancellationToken.None).ConfigureAwait(false));
        }
        catch (Exception exception)
        {
            opening.SetException(exception);
        }
    }

    private async Task<Session> OpenAsync(SessionRequest request, bool isOwned, CancellationToken cancellationToken)
    {
        var session = await Session.OpenAsync(engine, request, isOwned, cancellationToken).ConfigureAwait(false);
        bool isClosed;
        lock (_gate)
        {
            isClosed = _isClosed;
            if (!isClosed)
            {
                _all.Add(session);
            }
        }

        if (session.HasEnded)
        {
            // Before it was known here.
            Remove(session);
        }

        if (isClosed)
        {
            await session.CloseAsync().ConfigureAwait(false);
            throw new ObjectDisposedException(nameof(Coordinator));
        }

        return session;
    }
}
