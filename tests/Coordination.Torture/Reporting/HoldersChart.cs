using System.Globalization;
using System.Net;
using System.Text;
using Coordination.Torture.Recording;

namespace Coordination.Torture.Reporting;

/// <summary>Who held what over time, as one picture that needs nothing else: a row for each resource, a colour for each client, a line for each fault.</summary>
internal static class HoldersChart
{
    private const int Width = 2400;
    private const int RowHeight = 22;
    private const int Left = 160;
    private const int Top = 40;

    private static readonly string[] Colours =
        ["#4e79a7", "#f28e2b", "#59a14f", "#b07aa1", "#9c755f", "#edc948", "#76b7b2", "#ff9da7", "#bab0ac", "#e15759"];

    /// <summary>Draws the holders of the resources that all want.</summary>
    public static string Draw(History history, TimeSpan from, TimeSpan until)
    {
        Resource[] rows = [.. Resources.Hot];
        var clients = history.Calls.Select(static call => call.Started.Client).Distinct().Order(StringComparer.Ordinal).ToArray();
        var height = Top + (rows.Length * RowHeight * 3) + 30;
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{Width}\" height=\"{height}\" font-family=\"sans-serif\" font-size=\"11\">");
        svg.Append(CultureInfo.InvariantCulture, $"<rect width=\"{Width}\" height=\"{height}\" fill=\"white\"/>");
        foreach (var fault in history.Faults.Where(fault => fault.At <= until && fault.Until >= from))
        {
            var width = Math.Max(1, X(fault.Until) - X(fault.At));
            svg.Append(CultureInfo.InvariantCulture, $"<rect x=\"{X(fault.At):0.0}\" y=\"{Top - 12}\" width=\"{width:0.0}\" height=\"{height - Top}\" fill=\"#d00\" fill-opacity=\"0.08\"><title>{Text($"{fault.Kind}: {fault.Target}")}</title></rect>");
        }

        for (var row = 0; row < rows.Length; row++)
        {
            var y = Top + (row * RowHeight * 3);
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"8\" y=\"{y + 14}\">{Text(rows[row].Name)}</text>");
            foreach (var hold in history.Holds.Where(hold => hold.Resource == rows[row].Name && hold.Until > hold.From && hold.Until >= from && hold.From <= until))
            {
                // Several may be inside: readers and permits. Clients have lanes of their own, so that overlaps are seen.
                var client = Array.IndexOf(clients, hold.Client);
                var lane = client % 3;
                svg.Append(CultureInfo.InvariantCulture, $"<rect x=\"{X(hold.From):0.0}\" y=\"{y + (lane * RowHeight)}\" width=\"{Math.Max(0.5, X(hold.Until) - X(hold.From)):0.0}\" height=\"{RowHeight - 4}\" fill=\"{Colours[client % Colours.Length]}\" fill-opacity=\"{(hold.Mode == ClaimMode.Exclusive ? "0.9" : "0.5")}\"><title>{Text(hold.ToString())}</title></rect>");
            }
        }

        for (var tick = 0; tick <= 12; tick++)
        {
            var at = from + ((until - from) * tick / 12);
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{X(at):0}\" y=\"{height - 8}\" text-anchor=\"middle\">{at.TotalSeconds:0.0} s</text>");
        }

        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"8\" y=\"16\">Holders over time; red: faults; colours: {Text(string.Join(", ", clients))}. Point at a bar for its lease.</text></svg>");
        return svg.ToString();

        double X(TimeSpan at) => Left + ((Width - Left - 20) * Math.Clamp((at - from) / (until - from), 0, 1));
    }

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
