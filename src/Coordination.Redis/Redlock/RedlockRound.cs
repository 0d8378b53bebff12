using System.Threading.Tasks.Sources;
using StackExchange.Redis;

namespace Coordination.Redis;

/// <summary>
/// One script sent to all masters at once. It is over as soon as what has come decides it, and never waits for the slowest; what comes later is passed
/// on, and each master has its time.
/// </summary>
/// <remarks>
/// Continuations run on the thread that brought the reply. A master answers once: with a reply, with the word that it is not admitted, or with a fault.
/// </remarks>
#pragma warning disable CA1001 // Disposed by the last answer.
internal sealed class RedlockRound : IValueTaskSource
#pragma warning restore CA1001
{
    private readonly Lock _gate = new();
    private readonly Answer[] _answers;
    private readonly Func<RedlockRound, bool> _isDecided;
    private readonly CancellationTokenSource _limit;
    private readonly CancellationToken _caller;
    private CancellationTokenRegistration _registration;
    private ManualResetValueTaskSourceCore<bool> _core;
    private int _pending;
    private bool _isOver;

    private readonly Action<RedlockRound, int>? _late;

    private RedlockRound(
        int masters, Func<RedlockRound, bool> isDecided, Action<RedlockRound, int>? late, TimeSpan limit, TimeProvider time, CancellationToken caller)
    {
        _late = late;
        _answers = new Answer[masters];
        _pending = masters;
        _isDecided = isDecided;
        _limit = new CancellationTokenSource(limit, time);
        _caller = caller;
    }

    /// <summary>What a master said.</summary>
    public enum State
    {
        /// <summary>Nothing yet.</summary>
        Pending,

        /// <summary>A reply.</summary>
        Reply,

        /// <summary>That it is not admitted.</summary>
        Out,

        /// <summary>Nothing, or an error.</summary>
        Fault,
    }

    /// <summary>How many masters there are.</summary>
    public int Count => _answers.Length;

    /// <summary>How many make a majority.</summary>
    public int Quorum => (_answers.Length / 2) + 1;

    /// <summary>What a master said.</summary>
    /// <param name="master">Its number.</param>
    /// <returns>The state.</returns>
    public State this[int master] => _answers[master].State;

    /// <summary>Sends a script.</summary>
    /// <param name="backend">Whose masters.</param>
    /// <param name="script">The script.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="operation">For errors.</param>
    /// <param name="resource">For errors.</param>
    /// <param name="isDecided">Whether what has come decides it. Called under the round's lock.</param>
    /// <param name="late">Called with each master whose answer came after the round was over.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>The round, under way.</returns>
    public static RedlockRound Start(
        RedlockBackend backend,
        RedisScript script,
        RedisArguments arguments,
        string operation,
        string? resource,
        Func<RedlockRound, bool> isDecided,
        Action<RedlockRound, int>? late,
        CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var masters = backend.Masters;
        var round = new RedlockRound(masters.Count, isDecided, late, backend.MasterTimeout, backend.Time, cancellationToken);
        for (var i = 0; i < masters.Count; i++)
        {
            var call = masters[i].EvaluateAsync(script, arguments, operation, resource, round._limit.Token);
            if (call.IsCompleted)
            {
                round.Answered(i, call);
            }
            else
            {
                var number = i;
                call.ConfigureAwait(false).GetAwaiter().UnsafeOnCompleted(() => round.Answered(number, call));
            }
        }

        if (cancellationToken.CanBeCanceled)
        {
            round._registration = cancellationToken.UnsafeRegister(static state => ((RedlockRound)state!).Finish(cancelled: true), round);
            if (Volatile.Read(ref round._isOver))
            {
                round._registration.Dispose();
            }
        }

        return round;
    }

    /// <summary>Waits until it is decided, or every master has answered or had its time.</summary>
    /// <returns>To be awaited once.</returns>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    public ValueTask WaitAsync() => new(this, _core.Version);

    /// <summary>A master's reply.</summary>
    /// <param name="master">Its number.</param>
    /// <returns>The reply, or <see langword="null"/> unless the state is <see cref="State.Reply"/>.</returns>
    public RedisResult? Reply(int master) => _answers[master].Reply;

    /// <summary>How many masters are in a state.</summary>
    /// <param name="state">The state.</param>
    /// <returns>Their number.</returns>
    public int CountOf(State state)
    {
        var count = 0;
        foreach (ref readonly var answer in _answers.AsSpan())
        {
            count += answer.State == state ? 1 : 0;
        }

        return count;
    }

    /// <summary>A fault that tells the most, if there is any: one that time does not mend before one that it does.</summary>
    /// <returns>The fault.</returns>
    public Exception? Fault()
    {
        Exception? found = null;
        foreach (ref readonly var answer in _answers.AsSpan())
        {
            if (answer.Fault is { } fault && (found is null || fault is CoordinationException { IsTransient: false }))
            {
                found = fault;
            }
        }

        return found;
    }

    void IValueTaskSource.GetResult(short token) => _core.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    private void Answered(int master, ValueTask<RedisResult> call)
    {
        var answer = default(Answer);
        try
        {
#pragma warning disable RS0030 // Completed.
            var reply = call.GetAwaiter().GetResult();
#pragma warning restore RS0030
            answer = reply.Resp2Type == ResultType.Integer && (long)reply == -1 ? new Answer(State.Out, null, null) : new Answer(State.Reply, reply, null);
        }
        catch (OperationCanceledException)
        {
            answer = new Answer(State.Fault, null, new TimeoutException("A master did not answer in its time."));
        }
        catch (Exception e)
        {
            answer = new Answer(State.Fault, null, e);
        }

        bool isLate;
        bool isLast;
        var decided = false;
        lock (_gate)
        {
            _answers[master] = answer;
            isLast = --_pending == 0;
            isLate = _isOver;
            decided = !isLate && (isLast || _isDecided(this));
        }

        if (isLast)
        {
            _limit.Dispose();
        }

        if (isLate)
        {
            _late?.Invoke(this, master);
        }
        else if (decided)
        {
            Finish(cancelled: false);
        }
    }

    private void Finish(bool cancelled)
    {
        lock (_gate)
        {
            if (_isOver)
            {
                return;
            }

            _isOver = true;
        }

        if (cancelled)
        {
            _core.SetException(new OperationCanceledException(_caller));
        }
        else
        {
            _registration.Dispose();
            _core.SetResult(true);
        }
    }

    private readonly record struct Answer(State State, RedisResult? Reply, Exception? Fault);
}
