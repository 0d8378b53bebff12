namespace Coordination.Benchmarks.Reporting;

/// <summary>Results as a reader sees them.</summary>
/// <param name="Title">Of what.</param>
/// <param name="Columns">Their names.</param>
/// <param name="Rows">The cells.</param>
internal sealed record Table(string Title, IReadOnlyList<string> Columns, IReadOnlyList<IReadOnlyList<string>> Rows);
