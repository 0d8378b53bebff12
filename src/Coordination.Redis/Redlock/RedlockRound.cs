using System.Threading.Tasks.Sources;
using StackExchange.Redis;

namespace Coordination.Redis;

/// <summary>
/// One script sent to all masters at once. It is over as soon as what has come decides it, and never waits for the slowest; what comes later can be
/// followed, and each master has its time.
/// </summary>
/// <remarks>
/// Continuations run on the thread that brought the reply. A master answers once: with a reply, with the word that it is not admitted, or with a fault. What comes when the round is over is not
/// seen before <see cref="Follow"/>: who judges a round judges what decided it.
/// </remarks>
#pragma warning disable CA1001 // Disposed by the last answer.
internal sealed class RedlockRound : IValueTaskSource
#pragma warning restore CA1001
{
    private readonly Lock _gate = new();
    private readonly RedlockBackend _backend;
    private readonly Answer?[] _answers;
    private readonly Answer?[] _late;
    private readonly Func<RedlockRound, bool> _isDecided;
    private readonly CancellationTokenSource _limit;
    private readonly CancellationToken _caller;
    private CancellationTokenRegistration _registration;
    private ManualResetValueTaskSourceCore<bool> _core;
    private int _pending;
    private bool _isOver;

    private Action<RedlockRound, int>? _follower;

    private RedlockRound(RedlockBackend backend, Func<RedlockRound, bool> isDecided, CancellationToken caller)
    {
        _backend = backend;
        _answers = new Answer[backend.Masters.Count];
        _late = new Answer[_answers.Length];
        _pending = _answers.Length;
        _isDecided = isDecided;
        _limit = new CancellationTokenSource(backend.MasterTimeout, backend.Time);
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
    public State this[int master] => Volatile.Read(ref _answers[master])?.State ?? State.Pending;

    /// <summary>Sends a script.</summary>
    /// <param name="backend">Whose masters.</param>
    /// <param name="script">The script.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="operation">For errors.</param>
    /// <param name="resource">For errors.</param>
    /// <param name="isDecided">Whether what has come decides it. Called under the round's lock.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>The round, under way.</returns>
    public static RedlockRound Start(
        RedlockBackend backend,
        RedisScript script,
        RedisArguments arguments,
        string operation,
        string? resource,
        Func<RedlockRound, bool> isDecided,
        CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var masters = backend.Masters;
        var round = new RedlockRound(backend, isDecided, cancellationToken);
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

    /// <summary>Sees to each master once: to those that have answered now, to the others when they do or have had their time.</summary>
    /// <param name="follower">Called with each master, on the thread that brought its answer.</param>
    /// <remarks>To be called once, when the round is over.</remarks>
    public void Follow(Action<RedlockRound, int> follower)
    {
        // One bit a master would do; there are seldom more than seven.
        Span<bool> answered = stackalloc bool[_answers.Length];
        lock (_gate)
        {
            _follower = follower;
            for (var master = 0; master < answered.Length; master++)
            {
                if (_late[master] is { } late)
                {
                    Volatile.Write(ref _answers[master], late);
                }

                answered[master] = _answers[master] is not null;
            }
        }

        for (var master = 0; master < answered.Length; master++)
        {
            if (answered[master])
            {
                follower(this, master);
            }
        }
    }

    /// <summary>A master's reply.</summary>
    /// <param name="master">Its number.</param>
    /// <returns>The reply, or <see langword="null"/> unless the state is <see cref="State.Reply"/>.</returns>
    public RedisResult? Reply(int master) => Volatile.Read(ref _answers[master])?.Reply;

    /// <summary>How many masters are in a state.</summary>
    /// <param name="state">The state.</param>
    /// <returns>Their number.</returns>
    public int CountOf(State state)
    {
        var count = 0;
        for (var master = 0; master < _answers.Length; master++)
        {
            count += this[master] == state ? 1 : 0;
        }

        return count;
    }

    /// <summary>
    /// How many masters may still say something that is worth waiting for. When a majority has answered, one that has been silent of late is not waited for: with a master that is dead or
    /// frozen each attempt that does not win at once would take all the time that a master has.
    /// </summary>
    /// <returns>Their number. One that answers after all is seen to by <see cref="Follow"/>.</returns>
    public int CountOfAwaited()
    {
        var isEnough = CountOf(State.Reply) >= Quorum;
        var count = 0;
        for (var master = 0; master < _answers.Length; master++)
        {
            count += this[master] == State.Pending && !(isEnough && _backend.IsSilent(master)) ? 1 : 0;
        }

        return count;
    }

    /// <summary>A fault that tells the most, if there is any: one that time does not mend before one that it does.</summary>
    /// <returns>The fault.</returns>
    public Exception? Fault()
    {
        Exception? found = null;
        for (var master = 0; master < _answers.Length; master++)
        {
            if (Volatile.Read(ref _answers[master])?.Fault is { } fault && (found is null || fault is CoordinationException { IsTransient: false }))
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
        Answer answer;
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

        _backend.Heard(master, answer.State);
        bool isLast;
        bool decided;
        Action<RedlockRound, int>? follower;
        lock (_gate)
        {
            Volatile.Write(ref (_isOver && _follower is null ? _late : _answers)[master], answer);
            isLast = --_pending == 0;
            follower = _follower;
            decided = !_isOver && (isLast || _isDecided(this));
        }

        if (isLast)
        {
            _limit.Dispose();
        }

        if (decided)
        {
            Finish(cancelled: false);
        }

        follower?.Invoke(this, master);
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

    // A reference, so that one who reads beside the writer sees all of it or nothing.
    private sealed record Answer(State State, RedisResult? Reply, Exception? Fault);
}
