using System.Threading.Tasks.Sources;
using StackExchange.Redis;

namespace Coordination.Redis;

/// <summary>
/// One script sent to all masters at once. It is over as soon as what has come decides it, and never waits for the slowest; what comes later can be
/// followed, and each master has its time.
/// </summary>
/// <remarks>
/// Continuations run on the thread that brought the reply. A master answers once: with a reply, with the word that it is not admitted, or with a fault. What comes when the round is over is not
/// seen before <c>Follow</c>: who judges a round judges what decided it.
/// </remarks>
#pragma warning disable CA1001 // Disposed by the last answer.
internal sealed class RedlockRound : IValueTaskSource
#pragma warning restore CA1001
{
    private static readonly object IsOut = new();

    private readonly RedlockBackend _backend;
    private readonly RedisScript _script;
    private readonly RedisArguments _arguments;
    private readonly string _operation;
    private readonly string? _resource;

    // By master: nothing yet, a reply, IsOut, or an exception. A reference, so that one who reads beside the writer sees all of it or nothing.
    private readonly object?[] _answers;
    private readonly Func<RedlockRound, bool> _isDecided;
    private readonly ITimer _limit;
    private readonly CancellationToken _caller;
    private object?[]? _late;

    // Ends what EvaluateAsync does; made where it does anything.
    private CancellationTokenSource? _evaluations;
    private bool _hasExpired;
    private CancellationTokenRegistration _registration;
    private ManualResetValueTaskSourceCore<bool> _core;
    private int _pending;
    private bool _isOver;

    private Action<RedlockRound, int, object>? _follower;
    private object? _followerState;

    private RedlockRound(
        RedlockBackend backend, RedisScript script, RedisArguments arguments, string operation, string? resource, Func<RedlockRound, bool> isDecided, CancellationToken caller)
    {
        _backend = backend;
        _script = script;
        _arguments = arguments;
        _operation = operation;
        _resource = resource;
        _answers = new object?[backend.Masters.Count];
        _pending = _answers.Length;
        _isDecided = isDecided;
        _caller = caller;

        // And once by the round: it knows last whether a master had no time for its reply, and is owed them.
        arguments.Share(_answers.Length + 1);
        _limit = backend.Time.CreateTimer(static state => ((RedlockRound)state!).Expire(), this, backend.MasterTimeout, Timeout.InfiniteTimeSpan);
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
    public State this[int master] => StateOf(Volatile.Read(ref _answers[master]));

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
        var round = new RedlockRound(backend, script, arguments, operation, resource, isDecided, cancellationToken);
        for (var i = 0; i < round.Count; i++)
        {
            round.Send(i);
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
    public void Follow(Action<RedlockRound, int> follower) =>
        Follow(static (round, master, follower) => ((Action<RedlockRound, int>)follower)(round, master), follower);

    /// <summary>As the other, with what the follower needs, so that nothing is made for it where it needs little.</summary>
    /// <param name="follower">Called with each master, on the thread that brought its answer.</param>
    /// <param name="state">What it is given.</param>
    public void Follow(Action<RedlockRound, int, object> follower, object state)
    {
        // One bit a master would do; there are seldom more than seven.
        Span<bool> answered = stackalloc bool[_answers.Length];
        lock (_answers)
        {
            (_follower, _followerState) = (follower, state);
            for (var master = 0; master < answered.Length; master++)
            {
                if (_late?[master] is { } late)
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
                follower(this, master, state);
            }
        }
    }

    /// <summary>A master's reply.</summary>
    /// <param name="master">Its number.</param>
    /// <returns>The reply, or <see langword="null"/> unless the state is <see cref="State.Reply"/>.</returns>
    public RedisResult? Reply(int master) => Volatile.Read(ref _answers[master]) as RedisResult;

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
    /// <returns>Their number. One that answers after all is seen to by <c>Follow</c>.</returns>
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
            if (Volatile.Read(ref _answers[master]) is Exception fault && (found is null || fault is CoordinationException { IsTransient: false }))
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

    /// <summary>The driver's answer has come.</summary>
    /// <param name="master">Of whom.</param>
    /// <param name="answer">The answer: completed.</param>
    internal void Answered(int master, Task<RedisResult> answer)
    {
        if (answer.IsCompletedSuccessfully)
        {
            _arguments.Return();
#pragma warning disable RS0030 // Completed.
            Take(master, answer.Result);
#pragma warning restore RS0030
            return;
        }

        var fault = answer.Exception?.InnerException ?? new TaskCanceledException(answer);
        if (fault is not RedisServerException { Kind: RedisErrorKind.NoScript })
        {
            Take(master, RedisErrors.Translate(fault, _operation, _resource));
        }
        else
        {
            _ = EvaluateAsync(master, byText: true);
        }
    }

    private static State StateOf(object? answer) => answer switch
    {
        null => State.Pending,
        RedisResult => State.Reply,
        Exception => State.Fault,
        _ => State.Out,
    };

    private void Send(int master)
    {
        Task<RedisResult>? sent;
        try
        {
            sent = _backend.Masters[master].TrySend(_script, _arguments);
        }
        catch (Exception e)
        {
            Take(master, RedisErrors.Translate(e, _operation, _resource));
            return;
        }

        if (sent is null)
        {
            _ = EvaluateAsync(master, byText: false);
        }
        else
        {
            RedlockAnswer.Await(this, master, sent);
        }
    }

    // For what is not usual: no connection yet, or a server that does not know the script.
    private async Task EvaluateAsync(int master, bool byText)
    {
        var to = _backend.Masters[master];
        CancellationToken limit;
        lock (_answers)
        {
            limit = _hasExpired ? new CancellationToken(canceled: true) : (_evaluations ??= new CancellationTokenSource()).Token;
        }

        object answer;
        try
        {
            answer = byText
                ? await to.EvaluateTextAsync(_script, _arguments, _operation, _resource, limit).ConfigureAwait(false)
                : await to.EvaluateAsync(_script, _arguments, _operation, _resource, limit).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            answer = e is OperationCanceledException ? TimedOut() : e;
        }

        Take(master, answer);
    }

    // Who has not answered has had its time. What it answers later is nobody's.
    private void Expire()
    {
        CancellationTokenSource? evaluations;
        lock (_answers)
        {
            _hasExpired = true;
            evaluations = _evaluations;
        }

        // These say so themselves.
        evaluations?.Cancel();
        var fault = TimedOut();
        for (var master = 0; master < Count; master++)
        {
            Take(master, fault);
        }
    }

    private static TimeoutException TimedOut() => new("A master did not answer in its time.");

    // A master's first answer counts, and what it had no time for comes second.
    private void Take(int master, object answer)
    {
        if (answer is RedisResult { Resp2Type: ResultType.Integer } reply && (long)reply == -1)
        {
            answer = IsOut;
        }
        else if (answer is Exception)
        {
            // Whoever owes it sends them again.
            _arguments.Keep();
        }

        Action<RedlockRound, int, object>? follower;
        lock (_answers)
        {
            if (_answers[master] is not null || _late?[master] is not null)
            {
                return;
            }

            follower = _follower;
            Volatile.Write(ref (_isOver && follower is null ? _late ??= new object?[Count] : _answers)[master], answer);
        }

        _backend.Heard(master, StateOf(answer));
        bool isLast;
        bool isDecided;
        lock (_answers)
        {
            isLast = --_pending == 0;
            isDecided = !_isOver && (isLast || _isDecided(this));
        }

        if (isLast)
        {
            _limit.Dispose();
            _arguments.Return();
        }

        if (isDecided)
        {
            Finish(cancelled: false);
        }

        follower?.Invoke(this, master, _followerState!);
    }

    private void Finish(bool cancelled)
    {
        lock (_answers)
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
}
